"""Six themes as design tokens: three dark ones, two light ones, and one of high contrast.

`boost`, a little above the surface, stands among the variables: Textual makes its own of it elsewhere.
Scrollbars have no track of their own: only where one stands is drawn.
"""

from __future__ import annotations

from textual.theme import Theme

NIGHT = Theme(
    name="night",
    primary="#8db4e8",
    secondary="#7f8ea8",
    accent="#e9bd74",
    success="#93c7a0",
    warning="#e3ab6d",
    error="#e88484",
    foreground="#d8dbe2",
    background="#13151a",
    surface="#191c23",
    panel="#242934",
    variables={"scrollbar-background": "#13151a", "boost": "#1e222b", "quiet": "#868d9b"},
)
DUSK = Theme(
    name="dusk",
    primary="#b9a3e3",
    secondary="#8f86a3",
    accent="#f0b68c",
    success="#a5c9a1",
    warning="#e6b673",
    error="#ea8b94",
    foreground="#e0dae6",
    background="#1b1722",
    surface="#221d2b",
    panel="#2f283b",
    variables={"scrollbar-background": "#1b1722", "boost": "#282232", "quiet": "#958aa3"},
)
MOSS = Theme(
    name="moss",
    primary="#9cc9a4",
    secondary="#83988a",
    accent="#e2c57c",
    success="#9fd49a",
    warning="#e0b070",
    error="#e28b7d",
    foreground="#d9dfd6",
    background="#121713",
    surface="#181f19",
    panel="#243026",
    variables={"scrollbar-background": "#121713", "boost": "#1d261f", "quiet": "#87968a"},
)
DAY = Theme(
    name="day",
    primary="#2c5f9e",
    secondary="#66707f",
    accent="#9a5a00",
    success="#2f7a45",
    warning="#b04a2f",
    error="#b3323a",
    foreground="#26292f",
    background="#fcfbf9",
    surface="#f5f3ef",
    panel="#e8e5de",
    variables={"scrollbar-background": "#fcfbf9", "boost": "#efece6", "quiet": "#6a6f78"},
    dark=False,
)
LINEN = Theme(
    name="linen",
    primary="#7a4a24",
    secondary="#7d7160",
    accent="#8a3f6a",
    success="#4d7035",
    warning="#a8541c",
    error="#a33a30",
    foreground="#3a322a",
    background="#f7f0e4",
    surface="#f1e8d8",
    panel="#e4d8c2",
    variables={"scrollbar-background": "#f7f0e4", "boost": "#ebe0cd", "quiet": "#7c6f5f"},
    dark=False,
)
CONTRAST = Theme(
    name="contrast",
    primary="#ffffff",
    secondary="#ffffff",
    accent="#ffff00",
    success="#00ff7f",
    warning="#ffd700",
    error="#ff8080",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#303030",
    variables={"scrollbar-background": "#000000", "boost": "#1c1c1c", "quiet": "#d0d0d0"},
    text_alpha=1.0,
)
THEMES = {theme.name: theme for theme in (NIGHT, DUSK, MOSS, DAY, LINEN, CONTRAST)}
"""By name, as the setting `theme` has it."""
