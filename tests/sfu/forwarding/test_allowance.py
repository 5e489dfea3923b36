from sfu.forwarding.allowance import Allowance


def test_so_many_in_any_stretch() -> None:
    allowance = Allowance(2, 10.0)
    assert [allowance.take(now=now) for now in (0.0, 4.0, 9.9)] == [True, True, False]
    assert allowance.take(now=10.0)  # ten seconds after the first
    assert not allowance.take(now=13.9)  # what was refused did not count
    assert allowance.take(now=14.0)
