"""A plain loop: with_loop.py COUNT COMMAND…"""

import subprocess
import sys

for number in range(int(sys.argv[1])):
    subprocess.run([*sys.argv[2:], str(number), f"{number}.csv"], check=True)
