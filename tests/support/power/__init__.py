"""What is on a disk after a loss of power: the writes and fsyncs of a program, and the states that they allow."""
