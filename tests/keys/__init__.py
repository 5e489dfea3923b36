"""Figures of the group's keys: admissions, removals, joins and key changes in a meeting of many."""
