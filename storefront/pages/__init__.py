"""The pages of the shop, each a function from views to a tree."""
