"""What leaves the process: the queue, the sender, the spool, and the one thread that works them."""
