"""What a template sees of an issue comes from places in its file that can be named."""

import pytest

from newsletter.errors import ExpressionError
from newsletter.expressions import Field, Schema, Type
from newsletter.issues import read_issue
from newsletter.render.rendering import Rendering
from newsletter.render.views import subject_source
from newsletter.workspace import Workspace


def test_value_that_nobody_can_have_any_more_is_named_with_its_column(workspace: Workspace) -> None:
    folder = workspace.issues / "i"
    folder.mkdir()
    text = "date: 2024-02-20\ntemplate: bulletin\nsubject: 'Dag {{ subscriber.pet }}'\n"
    (folder / "issue.yaml").write_text(text, encoding="utf-8")
    issue = read_issue(workspace, "i", Schema({"pet": Field(Type.TEXT)}), time_zone="UTC", language="nl")
    with pytest.raises(ExpressionError, match=r"^issues/i/issue\.yaml:3:29, subject"):
        subject_source(issue, Rendering("n", Schema({})))
