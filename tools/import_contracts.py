"""A contract for import-linter: each outside package is imported in one place only."""

import grimp
from importlinter import Contract, ContractCheck, fields, output


class ConfinedContract(Contract):
    """Outside packages and the only modules (with what is below them) that may import each.

    `packages` is a list of `package: module, module`; a package that nothing imports yet is fine.
    """

    type_name = "confined"
    packages = fields.ListField(subfield=fields.StringField())

    def check(self, graph: grimp.ImportGraph, verbose: bool) -> ContractCheck:  # noqa: FBT001 -- the base's signature
        """Find the modules that import a confined package from elsewhere."""
        illegal = [
            f"{importer} imports {package}: only {', '.join(homes)} may"
            for package, homes in self.confined().items()
            if package in graph.modules
            for importer in sorted(graph.find_modules_that_directly_import(package))
            if not any(importer == home or importer.startswith(f"{home}.") for home in homes)
        ]
        return ContractCheck(kept=not illegal, metadata={"illegal": illegal})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print who imports what from where they may not."""
        for line in check.metadata["illegal"]:
            output.print_error(line)

    def confined(self) -> dict[str, list[str]]:
        """Return the homes of each confined package."""
        return parse(self.packages)  # type: ignore[arg-type] # the field holds the parsed list


def parse(entries: list[str]) -> dict[str, list[str]]:
    """Read `package: module, module` entries."""
    pairs = (entry.split(":", 1) for entry in entries)
    return {package.strip(): [home.strip() for home in homes.split(",")] for package, homes in pairs}
