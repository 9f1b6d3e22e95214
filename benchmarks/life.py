"""Invented chats of any length for measuring speed: text-like, seeded, with a planted needle."""

from __future__ import annotations

import json
import random
from pathlib import Path

SUBJECTS = """my sister|the neighbour|our teacher|the new colleague|grandpa|the landlord|Mia|Jonas|the doctor|
the choir|the band|my boss|the baker|the plumber|Ines|the kids|a friend from school|the team""".replace(
    "\n", ""
).split("|")
DEEDS = """forgot the keys at|painted the walls of|bought a ticket for|wrote a letter about|repaired the roof of|
lost a bet over|planted tomatoes behind|cooked dinner in|ran all the way to|took photographs of|asked twice about|
sold the old chairs from|dreamed of moving to|argued with everyone in|learned a song about|got stuck in the lift of""".replace(
    "\n", ""
).split("|")
PLACES = """the station|the library|the little house by the lake|the office|the market|the museum|the garden|
the swimming pool|the theatre|the bakery on the corner|the airport|the hospital|the school|the old mill|
the mountain hut|the harbour|the allotment|the cinema""".replace("\n", "").split("|")
TAILS = """and it rained all day|which nobody had expected|for the third time this month|because the car broke down|
and we laughed about it for hours|before breakfast|with only twelve euros left|and then the lights went out|
as if nothing had happened|even though it was a Sunday|and the dog came along|without telling anyone""".replace(
    "\n", ""
).split("|")
QUESTIONS = [
    "Who forgot the keys at the station?",
    "When did grandpa plant tomatoes behind the school?",
    "What happened at the mountain hut when the car broke down?",
    "Did Mia buy a ticket for the theatre?",
    "Where did the choir learn a song?",
    "who argued with everyone in the library",
    "photographs of the harbour",
    "What did the landlord repair?",
    "dinner in the little house by the lake",
    "When did the lights go out?",
]


def chat(path: Path, count: int, seed: int = 1) -> None:
    """Write a chat of `count` messages in sessions of twenty, spread over years."""
    dice = random.Random(seed)
    with path.open("w", encoding="utf-8") as file:
        for i in range(count):
            day = i * 3650 // max(count, 3650)
            year, month, date = 2015 + day // 365, 1 + day % 365 // 31, 1 + day % 28
            text = " ".join(dice.choice(part) for part in (SUBJECTS, DEEDS, PLACES, TAILS))
            if dice.random() < 0.4:
                text += f". {dice.choice(SUBJECTS).capitalize()} said it cost {dice.randint(2, 900)} euros"
            line = {
                "id": f"m{i}",
                "conversation": "life",
                "session": i // 20,
                "time": f"{year}-{month:02}-{date:02}T{8 + i % 12:02}:{i % 60:02}:00",
                "speaker": ("Ana", "Ben", "Cem", "Dora")[dice.randrange(4)],
                "text": text,
            }
            file.write(json.dumps(line) + "\n")
