"""Who and what somebody is related to, as a tree that opens as far as one goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.text import Text
from textual.binding import Binding
from textual.message import Message
from textual.widgets import Tree
from textual.widgets.tree import TreeNode

from secondme.tui.shapes import Fact, Named
from secondme.tui.widgets.rows import Picked
from secondme.wording import one_line

_OVER = ("superseded", "ended", "rejected")


@dataclass(frozen=True)
class Relation:
    """One at the end of a branch, and the fact by which they are there; none for the root."""

    who: Named
    fact: Fact | None = None


class Relations(Tree[Relation]):
    """A branch for each relation to somebody with a name; one who is nearer the root opens no further."""

    TITLE = "Relations"
    BINDINGS = [
        Binding("enter", "go", "Go to"),
        Binding("space,right,l", "open", "Open"),
        Binding("left", "close", "Close", show=False),
        Binding("j", "cursor_down", "Next", show=False),
        Binding("k", "cursor_up", "Previous", show=False),
    ]

    class Wanted(Message):
        """What is known of the one at a node is wanted, for `add`."""

        def __init__(self, node: TreeNode[Relation], who: str) -> None:
            super().__init__()
            self.node = node
            self.who = who

    class Chosen(Message):
        """Another branch is under the cursor: the fact that makes it, if it is no root."""

        def __init__(self, fact: Fact | None) -> None:
            super().__init__()
            self.fact = fact

    class Go(Message):
        """Somebody was chosen."""

        def __init__(self, who: str) -> None:
            super().__init__()
            self.who = who

    def __init__(self) -> None:
        super().__init__("", id="relations")
        self.guide_depth = 3

    def plant(self, who: Named, facts: Sequence[Fact]) -> None:
        """Begin with somebody, of whom these facts are known."""
        self.clear()
        self.root.data = Relation(who)
        self.root.set_label(Text(one_line(who["name"]), style="bold"))
        self.add(self.root, facts)

    def add(self, node: TreeNode[Relation], facts: Sequence[Fact]) -> None:
        """The branches of a node."""
        assert node.data is not None
        here, above = node.data.who["id"], _path(node)
        node.remove_children()
        for fact in facts:
            mine = fact["subject"]["id"] == here
            other = fact["object_entity"] if mine else fact["subject"]
            if other is None or other["id"] == here:
                continue
            relation = fact["relation"] if mine else f"{fact['relation']} of"
            over = fact["status"] in _OVER
            label = Text.assemble(
                (f"{one_line(relation)}  ", "dim"),
                (one_line(other["name"]), "dim strike" if over else ""),
            )
            known = other["id"] in above
            node.add(label, data=Relation(other, fact), allow_expand=not known)
        node.allow_expand = bool(node.children)
        if node.children:  # one that opens without any would be asked about again and again
            node.expand()

    def on_tree_node_highlighted(self, event: Tree.NodeHighlighted[Relation]) -> None:
        """The moment that it rests on counts as chosen."""
        event.stop()
        fact = event.node.data.fact if event.node.data else None
        self.post_message(self.Chosen(fact))
        if fact and fact["evidence"]:
            self.post_message(Picked(fact["evidence"][0]["moment"], fact["evidence"][0]["quote"]))

    def on_tree_node_expanded(self, event: Tree.NodeExpanded[Relation]) -> None:
        """What is known of the one there comes when it is opened."""
        event.stop()
        if event.node.data and not event.node.children:
            self.post_message(self.Wanted(event.node, event.node.data.who["id"]))

    def action_open(self) -> None:
        """Open a branch, or go into it."""
        node = self.cursor_node
        if node is not None and node.allow_expand and not node.is_expanded:
            node.expand()
        else:
            self.action_cursor_down()

    def action_close(self) -> None:
        """Close a branch, or go to the one that it is on."""
        node = self.cursor_node
        if node is not None and node.is_expanded and node.parent is not None:
            node.collapse()
        elif node is not None and node.parent is not None:
            self.move_cursor(node.parent)

    def action_go(self) -> None:
        """Show what is known of the one under the cursor."""
        if self.cursor_node is not None and self.cursor_node.data is not None:
            self.post_message(self.Go(self.cursor_node.data.who["id"]))


def _path(node: TreeNode[Relation]) -> set[str]:
    """Everybody from a node up to the root."""
    found = set[str]()
    at: TreeNode[Relation] | None = node
    while at is not None:
        if at.data is not None:
            found.add(at.data.who["id"])
        at = at.parent
    return found
