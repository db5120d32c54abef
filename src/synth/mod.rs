//! Makes recordings: screens that behave like screens, as `.cap` folders for tests, fixtures and benchmarks.
