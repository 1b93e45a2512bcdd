"""How drafts are kept: encrypted, by their holders, until they end. Knows no HTTP."""
