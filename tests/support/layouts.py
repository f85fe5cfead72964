"""Layouts of files that annotation tools, Kaggle, survey tools and databases write, with what is right for each."""

from support.layouts_columns import COLUMNS
from support.layouts_folders import FOLDERS
from support.layouts_found import FOUND
from support.layouts_json import JSON
from support.layouts_kinds import KINDS
from support.layouts_later import LATER
from support.layouts_reported import REPORTED

LAYOUTS = [*REPORTED, *FOUND, *LATER, *COLUMNS, *JSON, *FOLDERS, *KINDS]
