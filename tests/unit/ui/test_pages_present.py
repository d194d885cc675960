"""What Settings and set-up say."""

from __future__ import annotations

from pathlib import Path

from desktop.app_doctor import Check, CheckState
from desktop.ui.git_branch import branch_of
from desktop.ui.navigation import initials
from desktop.ui.pages.build.present import proxy_problem
from desktop.ui.pages.settings.present import CHINA, proxy_words
from desktop.ui.pages.setup.present import ready, steps, tally


def check(name: str, state: CheckState, *, required: bool = False) -> Check:
    return Check(name, name, state, "found", "why", required=required)


def test_a_proxy_is_called_by_its_choice_and_an_own_one_by_its_address() -> None:
    assert proxy_words("") == "As Go is set up"
    assert proxy_words(CHINA) == "Mirror in mainland China"
    assert proxy_words("https://goproxy.example.com,direct") == "https://goproxy.example.com,direct"


def test_a_company_proxy_needs_an_address() -> None:
    assert proxy_problem("") != ""
    assert proxy_problem("goproxy.example.com") != ""
    assert proxy_problem("https://goproxy.example.com,direct") == ""
    assert proxy_problem("http://10.0.0.5:8081|direct") == ""


def test_this_computer_is_ready_when_what_is_required_is_there() -> None:
    go, engine = check("go", CheckState.OK, required=True), check("engine", CheckState.OFF)
    assert ready([go, engine])
    assert not ready([check("go", CheckState.FAIL, required=True), engine])
    assert not ready([])


def test_optional_things_need_nobody() -> None:
    checks = [check("go", CheckState.OK, required=True), check("engine", CheckState.OFF)]
    assert tally(checks) == "1 of 2 ready"
    assert tally([*checks, check("paths", CheckState.WARN)]) == "1 of 3 ready, 1 needs you"
    assert [step.state for step in steps(checks, has_project=True)] == ["ok", "ok", "wait", "ok"]


def test_a_step_that_waits_for_somebody_has_no_check_mark() -> None:
    checks = [check("go", CheckState.OK, required=True), check("paths", CheckState.WARN)]
    assert ready(checks)  # it keeps nobody from going on
    assert [step.state for step in steps(checks, has_project=False)] == ["ok", "wait", "wait", "wait"]


def test_the_branch_is_read_without_running_git(tmp_path: Path) -> None:
    assert branch_of(tmp_path / "nowhere") == ""
    git = tmp_path / ".git"
    git.mkdir()
    (git / "HEAD").write_text("ref: refs/heads/feature/sso\n", encoding="utf-8")
    assert branch_of(tmp_path / "cmd") == "feature/sso"
    (git / "HEAD").write_text("3f9c2e1aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n", encoding="utf-8")
    assert branch_of(tmp_path) == "3f9c2e1"


def test_a_work_tree_names_its_real_folder(tmp_path: Path) -> None:
    real = tmp_path / "main" / ".git" / "worktrees" / "one"
    real.mkdir(parents=True)
    (real / "HEAD").write_text("ref: refs/heads/one\n", encoding="utf-8")
    tree = tmp_path / "one"
    tree.mkdir()
    (tree / ".git").write_text(f"gitdir: {real}\n", encoding="utf-8")
    assert branch_of(tree) == "one"


def test_a_project_has_two_letters() -> None:
    assert [initials(name) for name in ("orders-api", "ledger", "a", "")] == ["OA", "LE", "A", "?"]
