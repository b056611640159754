"""Commands as a person calls them, in this process."""

from collections.abc import Callable, Mapping

import pytest
from click.testing import CliRunner, Result

from newsletter.cli import main
from newsletter.workspace import Workspace

Call = Callable[..., Result]


@pytest.fixture
def call(workspace: Workspace) -> Call:
    """Call a command in the workspace; without a terminal, so that nothing is asked."""

    def call(*arguments: object, code: int = 0, environ: Mapping[str, str] | None = None) -> Result:
        given = {
            "NEWSLETTER_WORKSPACE": str(workspace.root),
            "NEWSLETTER_PREFLIGHT__PROGRAMS": "false",
            **(environ or {}),
        }
        result = CliRunner().invoke(main, [str(argument) for argument in arguments], env=given)
        assert result.exit_code == code, result.output
        assert "Traceback" not in result.output
        return result

    return call
