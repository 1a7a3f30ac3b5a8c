"""The nouns: accounting without mathematics, without a domain, without input or output."""
