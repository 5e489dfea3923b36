"""What is kept of each RTP stream, coming in or going out."""
