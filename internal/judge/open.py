"""Opens a converted folder with Arrow and with Spark and holds both against its report.

    python internal/judge/open.py out
"""

import json
import pathlib
import sys

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import SparkSession

out = pathlib.Path(sys.argv[1])
rows = json.loads((out / "report.json").read_text())["rows"]
files = sorted((out / "omop").glob("*.parquet"))
names = {f.stem for f in files}
if names != set(rows):
    sys.exit(f"want a file for each of {len(rows)} tables, have {len(names)}")

spark = (
    SparkSession.builder.master("local[1]")
    .config("spark.ui.enabled", "false")
    .config("spark.sql.session.timeZone", "UTC")
    .getOrCreate()
)
spark.sparkContext.setLogLevel("ERROR")
frames = {}
for f in files:
    table = pq.read_table(f)
    frames[f.stem] = spark.read.parquet(str(f))
    have = (table.num_rows, frames[f.stem].count(), table.column_names == frames[f.stem].columns)
    if have != (rows[f.stem], rows[f.stem], True):
        sys.exit(f"{f.stem}: want {rows[f.stem]} rows in Arrow and Spark, have {have}")

schema = pq.read_schema(out / "omop" / "measurement.parquet")
want = {
    "measurement_id": pa.int32(),
    "measurement_date": pa.date32(),
    "measurement_datetime": pa.timestamp("us"),
    "value_as_number": pa.float64(),
    "measurement_source_value": pa.string(),
}
for name, kind in want.items():
    if schema.field(name).type != kind:
        sys.exit(f"measurement.{name}: want {kind} in Arrow, have {schema.field(name).type}")
spark_types = dict(frames["measurement"].dtypes)
for name, kind in {"measurement_id": "int", "measurement_date": "date", "measurement_datetime": "timestamp_ntz", "value_as_number": "double"}.items():
    if spark_types[name] != kind:
        sys.exit(f"measurement.{name}: want {kind} in Spark, have {spark_types[name]}")

joined = frames["visit_occurrence"].join(frames["person"], "person_id").count()
if joined != rows["visit_occurrence"]:
    sys.exit(f"want every visit to join its person, have {joined} of {rows['visit_occurrence']}")
print(f"Arrow and Spark open {len(files)} tables, {sum(rows.values())} rows")
