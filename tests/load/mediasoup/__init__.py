"""What runs of mediasoup itself: a control script for Node.js, and how its worker is built."""
