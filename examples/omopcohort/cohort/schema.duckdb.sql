-- cohorts of an OMOP database 1.0.0
-- Made by Carabiner from a dataset profile. Do not edit.

CREATE TABLE persons (
    person_id integer NOT NULL,
    gender_concept_id integer NOT NULL,
    year_of_birth integer NOT NULL CHECK (year_of_birth >= 1900) CHECK (year_of_birth <= 2100),
    PRIMARY KEY (person_id)
);

CREATE TABLE conditions (
    condition_occurrence_id integer NOT NULL,
    person_id integer NOT NULL,
    condition_concept_id integer NOT NULL,
    condition_start_date date NOT NULL,
    PRIMARY KEY (condition_occurrence_id),
    FOREIGN KEY (person_id) REFERENCES persons (person_id)
);

CREATE TABLE periods (
    observation_period_id integer NOT NULL,
    person_id integer NOT NULL,
    observation_period_start_date date NOT NULL,
    observation_period_end_date date NOT NULL,
    PRIMARY KEY (observation_period_id),
    FOREIGN KEY (person_id) REFERENCES persons (person_id)
);

CREATE TABLE cohort (
    cohort_definition_id integer NOT NULL,
    subject_id integer NOT NULL,
    cohort_start_date date NOT NULL,
    cohort_end_date date NOT NULL,
    FOREIGN KEY (subject_id) REFERENCES persons (person_id)
);

COMMENT ON TABLE persons IS 'A row is a patient.';
COMMENT ON COLUMN persons.person_id IS 'Role: direct-id.';
COMMENT ON COLUMN persons.gender_concept_id IS 'Concept of domain Gender. Role: quasi-id.';
COMMENT ON COLUMN persons.year_of_birth IS 'Role: quasi-id.';

COMMENT ON TABLE conditions IS 'A row is an event.';
COMMENT ON COLUMN conditions.condition_occurrence_id IS 'Role: direct-id.';
COMMENT ON COLUMN conditions.person_id IS 'Role: direct-id.';
COMMENT ON COLUMN conditions.condition_concept_id IS 'Concept of domain Condition. Role: sensitive.';
COMMENT ON COLUMN conditions.condition_start_date IS 'Role: event-date.';

COMMENT ON COLUMN periods.observation_period_id IS 'Role: direct-id.';
COMMENT ON COLUMN periods.person_id IS 'Role: direct-id.';
COMMENT ON COLUMN periods.observation_period_start_date IS 'Role: event-date.';
COMMENT ON COLUMN periods.observation_period_end_date IS 'Role: event-date.';

COMMENT ON TABLE cohort IS 'One stay of a person in a cohort each.';
COMMENT ON COLUMN cohort.cohort_definition_id IS 'Role: safe.';
COMMENT ON COLUMN cohort.subject_id IS 'Role: direct-id.';
COMMENT ON COLUMN cohort.cohort_start_date IS 'Role: event-date.';
COMMENT ON COLUMN cohort.cohort_end_date IS 'Role: event-date.';
