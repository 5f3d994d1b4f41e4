# The lines and variables that an engine asks for are its own matter: which ones they are is no promise to an operator.
/check --offline \| (grants|to restore| +granted|  {20})/d
/\| \.(restore_)?grants\[/d
/restore latest --dry-run \| (commands|variables|  {10})/d
