"""What is shown to others: the yearly report and its charts."""
