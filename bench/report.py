"""What a figure says: its series, and the aims that they have to reach."""

from measure import Series, ratio


class Report:
    """The series and aims of one figure."""

    def __init__(self, title):
        self.title = title
        self.series = {}
        self.aims = []
        self.notes = []

    def add(self, name, unit, value):
        self.series.setdefault(name, Series(unit)).add(value)

    def __contains__(self, name):
        return name in self.series

    def __getitem__(self, name):
        return self.series[name]

    def aim(self, what, series, *, least=None, most=None):
        """The median of `series` must be at least or at most so much; neither: only shown."""
        reached = None
        if least is not None:
            reached = series.median >= least
        elif most is not None:
            reached = series.median <= most
        self.aims.append({"what": what, "least": least, "most": most, "reached": reached,
                          **series.as_dict()})

    def compare(self, what, above, below, **bound):
        if above in self.series and below in self.series:
            self.aim(what, ratio(self[above], self[below]), **bound)

    def as_dict(self):
        return {"title": self.title, "aims": self.aims, "notes": self.notes,
                "series": {name: one.as_dict() for name, one in self.series.items()}}


def megabytes_per_s(size, seconds):
    return size / 1e6 / seconds
