"""The `spacy xlre` command group, and how its commands report problems."""

import functools
from typing import Any, Callable, Dict, List, Optional, TypeVar

import typer

from ..errors import Errors, XlreError

app = typer.Typer(
    name="xlre",
    help="Cross-lingual relation extraction by distant supervision.",
    no_args_is_help=True,
    add_completion=False,
)

# The option of commands that load pipelines or configs: what they name may be registered in a file of the user's.
CODE: Any = typer.Option(None, "--code", "-c", help="A Python file to import first, with functions of your own")

CommandT = TypeVar("CommandT", bound=Callable[..., Any])


def command(
    name: str, *, group: typer.Typer = app, context_settings: Optional[Dict[str, Any]] = None
) -> Callable[[CommandT], CommandT]:
    """Register a command under a name; a problem with the user's input ends it with one line and exit code 1."""
    full_name = name if group is app else f"{group.info.name} {name}"

    def register(function: CommandT) -> CommandT:
        @functools.wraps(function)
        def run(*args: Any, **kwargs: Any) -> None:
            try:
                function(*args, **kwargs)
            except XlreError as error:
                _end(str(error))
            except KeyboardInterrupt:
                _end(Errors.X700.format(name=full_name))

        group.command(name, context_settings=context_settings)(run)
        return function

    return register


def split_words(words: str) -> List[str]:
    """Return the words of an option that takes several, separated by commas."""
    return [word.strip() for word in words.split(",") if word.strip()]


def _end(message: str) -> None:
    # One line whatever the terminal's width, which wasabi's messages are not.
    typer.secho(f"✘ {message}", fg=typer.colors.RED, err=True)
    raise typer.Exit(1)
