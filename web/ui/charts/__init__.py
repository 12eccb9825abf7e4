"""Charts: small ones drawn by the server as SVG, large interactive ones as themed plotly figures."""
