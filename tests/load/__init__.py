"""What forwarding costs: real ICE and DTLS-SRTP over loopback, ready-made RTP packets, no encoding."""
