"""How an account has paid, what that says of the next weeks, and how soon it should be worked."""
