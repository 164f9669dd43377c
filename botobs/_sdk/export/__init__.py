"""The export: queues, the spool, the sender, and the one thread that uses them."""
