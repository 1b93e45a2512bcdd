"""What many visitors cost, what drafts weigh, and what a lost node takes along."""
