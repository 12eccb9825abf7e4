from tests.architecture import sizes, source_rules, tree


def test_no_file_or_function_is_longer_than_it_may_be() -> None:
    assert sizes.deviations(sizes.measured(), sizes.parse(tree.read(sizes.ALLOWED))) == []


def test_the_list_of_long_ones_only_shrinks() -> None:
    assert sizes.growth(sizes.history()) == []


def test_a_long_function_is_found_by_its_path() -> None:
    body = "\n".join("        x = 1" for _ in range(50))
    source = f"class Shop:\n    @property\n    def buy(self):\n{body}\n\n    def sell(self):\n        return 1\n"
    assert source_rules.long_functions(source) == {"Shop.buy": 51}


def test_growth_beyond_an_entry_and_an_entry_with_slack_are_both_found() -> None:
    found = sizes.deviations({"new.py": 500, "grown.py": 450}, {"grown.py": 440, "short.py": 410})
    assert [line.split(":")[0] for line in found] == ["new.py", "grown.py", "short.py"]


def test_a_list_that_gains_or_loosens_an_entry_is_found() -> None:
    assert sizes.growth([{"a.py": 500}, {"a.py": 450}, {"a.py": 460, "b.py": 401}]) == ["a.py: 460", "b.py: 401"]
    assert sizes.growth([{"a.py": 500, "b.py": 401}, {"a.py": 450}, {}]) == []
