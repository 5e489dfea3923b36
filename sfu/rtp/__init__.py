"""RTP and RTCP as bytes: no state beyond one stream's, no time."""
