"""What the developer has: a folder with Go in it, its goferry.yaml, and new projects from templates."""

from desktop.base.visible import visible

from .changes import Change, apply_change, line_ends, listen_everywhere
from .config import CONFIG_FILE, BuildOptions, Config, Environment, HealthOptions, ImageOptions
from .edit import edit_config
from .errors import BadModulePath, BadName, ConfigError, FolderTaken, NoFolder, NotWritten, ProjectError
from .findings import go_too_old
from .folder_template import FolderTemplate, fill, read_folder_template
from .git import GitState, NoCommit, git_command, parse_status, read_git, start_git
from .go_mod import go_is_older, version_key
from .inspection import config_for, inspect_folder, locate_main
from .model import Finding, Main, Module, Place, Project
from .names import check_module_path, check_name, module_path_problem, name_from, name_problem
from .outside import folders_outside, go_work_of
from .parse import load_config, parse_config, sample_path, seconds_of
from .team import TEAM_FILE, Mark, load_marks, marked, parse_marks
from .templates import (
    OLDEST_GO,
    TEMPLATES,
    Answers,
    Option,
    Template,
    add_module,
    clashes,
    create_project,
    remove_project,
    render,
    template,
    write_project,
)
from .yaml_tree import decode

__all__ = [
    "CONFIG_FILE",
    "OLDEST_GO",
    "TEAM_FILE",
    "TEMPLATES",
    "Answers",
    "BadModulePath",
    "BadName",
    "BuildOptions",
    "Change",
    "Config",
    "ConfigError",
    "Environment",
    "Finding",
    "FolderTaken",
    "FolderTemplate",
    "GitState",
    "HealthOptions",
    "ImageOptions",
    "Main",
    "Mark",
    "Module",
    "NoCommit",
    "NoFolder",
    "NotWritten",
    "Option",
    "Place",
    "Project",
    "ProjectError",
    "Template",
    "add_module",
    "apply_change",
    "check_module_path",
    "check_name",
    "clashes",
    "config_for",
    "create_project",
    "decode",
    "edit_config",
    "fill",
    "folders_outside",
    "git_command",
    "go_is_older",
    "go_too_old",
    "go_work_of",
    "inspect_folder",
    "line_ends",
    "listen_everywhere",
    "load_config",
    "load_marks",
    "locate_main",
    "marked",
    "module_path_problem",
    "name_from",
    "name_problem",
    "parse_config",
    "parse_marks",
    "parse_status",
    "read_folder_template",
    "read_git",
    "remove_project",
    "render",
    "sample_path",
    "seconds_of",
    "start_git",
    "template",
    "version_key",
    "visible",
    "write_project",
]
