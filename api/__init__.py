"""The surface for programs: player beacons, partner calls."""
