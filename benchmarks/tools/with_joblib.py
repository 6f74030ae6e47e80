"""joblib, threads that start the processes: with_joblib.py COUNT JOBS COMMAND…"""

import subprocess
import sys

from joblib import Parallel, delayed

Parallel(int(sys.argv[2]), backend="threading")(
    delayed(subprocess.run)([*sys.argv[3:], str(number), f"{number}.csv"], check=True)
    for number in range(int(sys.argv[1]))
)
