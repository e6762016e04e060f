"""Where tables live: layout, atomic writes, snapshots, the published folder. The only room that touches files."""
