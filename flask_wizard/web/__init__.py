"""What answers a wizard's requests: URLs, checks, visits and pages."""
