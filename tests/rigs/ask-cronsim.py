# Asks cronsim. Each line read: zone, base (seconds since 1970), how many, expression, parted
# by tabs. Each line written: the runs after the base, a bar, the last run before it. A run
# that cronsim names twice (two times of a gap become one moment) is written once, and so is
# none that lies before the base (a repeated hour). Backwards, cronsim can get caught at a
# change of the clock: then there is a question mark after the bar.
import signal
import sys
from datetime import datetime
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError


def runs(expression, base, zone, many, reverse):
    found = []
    start = datetime.fromtimestamp(base, ZoneInfo(zone))
    for moment in CronSim(expression, start, reverse=reverse):
        moment = int(moment.timestamp())
        fits = moment < base if reverse else moment > base
        if fits and moment not in found:
            found.append(moment)
        if len(found) == many:
            break
    return found


def give_up(*_):
    raise TimeoutError


signal.signal(signal.SIGALRM, give_up)
for line in sys.stdin:
    zone, base, many, expression = line.rstrip("\n").split("\t")
    try:
        after = runs(expression, int(base), zone, int(many), False)
        signal.alarm(2)
        try:
            before = runs(expression, int(base), zone, 1, True)
        except TimeoutError:
            before = "?"
        signal.alarm(0)
        print(*after, "|", *before)
    except CronSimError as error:
        print("refused:", error)
