"""Fails when a test that should have run was skipped."""

import sys
import xml.etree.ElementTree as ET

skipped = [
    f"{case.get('classname')}::{case.get('name')}: {case.find('skipped').get('message')}"
    for case in ET.parse(sys.argv[1]).iter("testcase")
    if case.find("skipped") is not None
]
for line in skipped:
    print(f"skipped: {line}")
sys.exit(f"{len(skipped)} tests that should run were skipped" if skipped else 0)
