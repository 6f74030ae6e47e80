"""The figures' colours; the page gives each a name, so that they follow its colour scheme."""

# Okabe and Ito's hues (https://jfly.uni-koeln.de/color/), told apart with any colour vision;
# darkened until each has a contrast of three to one with white paper.
PALETTE = ["#0072b2", "#c85200", "#00805e", "#b0578d", "#3c93c9", "#a87400"]
INK, FAINT, AXIS = "#26323a", "#d5dbdf", "#7b868d"
FIXED = "#101417"  # follows no scheme, for it stands on a colour of its own
