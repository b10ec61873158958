"""What the chats have in common: an inbox, conversations in order, answers in pieces, questions with buttons, files."""
