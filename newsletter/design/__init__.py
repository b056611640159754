"""Templates as somebody makes them: begun, checked, and shown with every part in every state."""

from newsletter.design.begin import begin_template
from newsletter.design.checking import Checked, check_template
from newsletter.design.gallery import write_gallery

__all__ = ["Checked", "begin_template", "check_template", "write_gallery"]
