"""Rules about one file's text; each returns what breaks it, as `line: what`."""

import ast
import re
import sys
from collections.abc import Iterator

FILE_LINES = 400
FUNCTION_LINES = 50

_NOQA = re.compile(r"#\s*noqa\b(?P<rest>.*)", re.IGNORECASE)
_NOQA_GOOD = re.compile(r":\s*[A-Z]+\d+(,\s*[A-Z]+\d+)*\s*(-|--|#) \S+")
_IGNORE = re.compile(r"#\s*type:\s*ignore(?P<rest>.*)")
_IGNORE_GOOD = re.compile(r"\[[a-z-]+(,\s*[a-z-]+)*\]\s*(-|--|#) \S+")
_UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")

_FOREIGN = {
    "a registry's host": re.compile(
        r"pypi\.org|pythonhosted\.org|registry\.(npmjs|yarnpkg)|deb\.debian\.org|index-url\s*="
    ),
    "a path of one machine": re.compile(r"(?<![\w.~*])/(work|root|home/\w+|opt/(wheels|pypi))/"),
    "a secret": re.compile(
        r"-----BEGIN [A-Z ]*PRIVATE KEY|\bAKIA[0-9A-Z]{16}\b|\b[sr]k_live_\w{10,}|\bxox[abprs]-\w{10,}"
        r"|\bgh[pousr]_\w{30,}"
    ),
}


def suppressions_without_reason(source: str) -> list[str]:
    """A silenced check names its code and says why."""
    found = []
    for number, line in enumerate(source.splitlines(), 1):
        for mark, good in ((_NOQA, _NOQA_GOOD), (_IGNORE, _IGNORE_GOOD)):
            match = mark.search(line)
            if match and not good.match(match["rest"].strip()):
                found.append(f"{number}: {line.strip()}")
    return found


def foreign_traces(text: str) -> list[str]:
    """Nothing that belongs to one machine, one registry or one account is in the tree."""
    return [
        f"{number}: {what}: {line.strip()[:100]}"
        for number, line in enumerate(text.splitlines(), 1)
        for what, pattern in _FOREIGN.items()
        if pattern.search(line)
    ]


def unfinished_work(text: str) -> list[str]:
    """Nothing is left for later in a comment."""
    return [f"{number}: {line.strip()}" for number, line in enumerate(text.splitlines(), 1) if _UNFINISHED.search(line)]


def long_functions(source: str) -> dict[str, int]:
    """The functions of more than 50 lines, by name, without their decorators."""
    found = {}
    for name, node in _functions(ast.parse(source), ""):
        lines = (node.end_lineno or node.lineno) - node.lineno + 1
        if lines > FUNCTION_LINES:
            found[name] = lines
    return found


def _functions(node: ast.AST, path: str) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{path}{child.name}", child
            yield from _functions(child, f"{path}{child.name}.")
        elif isinstance(child, ast.ClassDef):
            yield from _functions(child, f"{path}{child.name}.")
        else:
            yield from _functions(child, path)


def imported_modules(source: str) -> Iterator[tuple[int, str]]:
    """The modules that a file imports, wherever in it, with their lines."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.lineno, node.module


def beyond_the_standard_library(source: str, own: str) -> list[str]:
    """The imports that are neither the standard library's nor below `own`."""
    return [
        f"{line}: {module}"
        for line, module in imported_modules(source)
        if module.split(".")[0] not in sys.stdlib_module_names and not (module == own or module.startswith(f"{own}."))
    ]


def _by_line(source: str) -> list[ast.AST]:
    return sorted(ast.walk(ast.parse(source)), key=lambda node: getattr(node, "lineno", 0))


def threads_started(source: str) -> list[str]:
    """Calls that start a thread or a pool: services start none, so that no transaction leaks into one."""
    starters = {"Thread", "Timer", "ThreadPoolExecutor", "ProcessPoolExecutor", "start_new_thread"}
    return [
        f"{node.lineno}: {ast.unparse(node.func)}"
        for node in _by_line(source)
        if isinstance(node, ast.Call)
        and (node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")) in starters
    ]


def dash_pages_feature(source: str) -> list[str]:
    """Calls that switch on Dash's process-wide page registry."""
    return [
        f"{node.lineno}: use_pages"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg in {"use_pages", "pages_folder"}
        and not (isinstance(keyword.value, ast.Constant) and keyword.value.value in {False, ""})
    ]


def actor_methods_without_permission(source: str) -> list[str]:
    """Public methods that take an actor and are no verb: nobody checks what the actor may do."""
    found = []
    for holder in (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ClassDef)):
        if any(ast.unparse(base).split("[")[0].endswith("Protocol") for base in holder.bases):
            continue
        for method in (node for node in holder.body if isinstance(node, ast.FunctionDef)):
            arguments = [*method.args.posonlyargs, *method.args.args][1:2]
            takes_actor = any(a.annotation and ast.unparse(a.annotation).endswith("Actor") for a in arguments)
            decorators = {ast.unparse(d).split("(")[0].split(".")[-1] for d in method.decorator_list}
            is_verb = bool(decorators & {"command", "query", "intake"})
            if takes_actor and not (method.name.startswith("_") or is_verb or _hands_on(method, arguments[0].arg)):
                found.append(f"{method.lineno}: {holder.name}.{method.name}")
    return found


def _hands_on(method: ast.FunctionDef, actor: str) -> bool:
    """Tell whether the actor is passed to verbs of the same object, which check, or to the check itself."""
    return any(
        isinstance(node, ast.Call)
        and ast.unparse(node.func).startswith(("self.", "check", "verbs.check"))
        and any(isinstance(argument, ast.Name) and argument.id == actor for argument in node.args)
        for node in ast.walk(method)
    )


def beyond_kernel_and_infra(source: str) -> list[str]:
    """The imports from services that are neither the kernel's nor the machinery's."""
    return [
        f"{line}: {module}"
        for line, module in imported_modules(source)
        if module.split(".")[0] == "services" and not module.startswith(("services.kernel", "services.infra"))
    ]
