"""One file a group. A command reads its parameters, calls one service, hands over the result."""
