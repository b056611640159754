"""Faults are drawn so that they can be had again, occur as often as they should, and end."""

import pytest

from newsletter.dispatch.rehearsal.faults import BREAKING, MEANINGS, RATES, UNHARMED, Fates, Fault

READERS = [b"reader%d@example.org" % number for number in range(4000)]


def test_same_seed_draws_the_same_in_any_order() -> None:
    one, other = Fates(7, RATES["many"]), Fates(7, RATES["many"])
    forwards = {reader: one.draw(reader) for reader in READERS}
    backwards = {reader: other.draw(reader) for reader in reversed(READERS)}
    assert forwards == backwards
    another = Fates(8, RATES["many"])
    assert forwards != {reader: another.draw(reader) for reader in READERS}


def test_without_faults_everybody_is_unharmed() -> None:
    fates = Fates(1, RATES["none"])
    assert {fates.draw(reader) for reader in READERS} == {UNHARMED}


@pytest.mark.parametrize("name", ["some", "many"])
def test_each_fault_occurs_about_as_often_as_its_rate(name: str) -> None:
    fates = Fates(3, RATES[name])
    drawn = [fates.draw(reader) for reader in READERS]
    for fault, rate in RATES[name].items():
        count = {
            Fault.LATE: sum(fate.late > 0 for fate in drawn),
            Fault.SPLIT: sum(fate.is_split for fate in drawn),
        }.get(fault, sum(fate.breaking is fault for fate in drawn))
        assert 0.4 < count / (rate * len(READERS)) < 1.8, fault


def test_who_is_refused_for_good_stays_so_and_all_others_get_through() -> None:
    rates = {**dict.fromkeys(BREAKING, 0.2), Fault.REJECTED: 0.1}
    fates = Fates(5, rates)
    for reader in READERS[:300]:
        met = [fates.draw(reader).breaking for _ in range(6)]
        rejected = Fault.REJECTED in met
        assert set(met) == {Fault.REJECTED} if rejected else met[-1] is None
        assert met[1:].count(Fault.DEFERRED) == 0


def test_every_fault_has_words() -> None:
    assert set(MEANINGS) == set(Fault) == set(RATES["some"]) == set(RATES["many"])
