"""A large table is read while its rows are used: the first ones are there before the last ones are read.

Prints:
    row 2: ada, 0
    stopped at row 5 of a table of 200000 rows
"""

from pathlib import Path

from agno.knowledge.reader.csv_reader import CSVReader

ROWS = 200_000

if __name__ == "__main__":
    table = Path("large.csv")
    table.write_text("name,number\n" + "".join(f"ada,{number}\n" for number in range(ROWS)))
    for chunk in CSVReader().iterate(table):
        number = chunk.meta_data["row_number"]
        if number == 2:
            print(f"row {number}: {chunk.content}")
        if number == 5:
            print(f"stopped at row {number} of a table of {ROWS} rows")
            break
