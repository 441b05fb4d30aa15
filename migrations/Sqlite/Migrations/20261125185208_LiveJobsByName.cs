using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Gateway.Migrations.Sqlite.Migrations
{
    /// <inheritdoc />
    public partial class LiveJobsByName : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            // An index is nothing that programs of the level before know of: the new one serves their statements as well.
            migrationBuilder.DropIndex(
                name: "ix_jobs_live",
                table: "jobs");

            migrationBuilder.UpdateData(
                table: "facts",
                keyColumn: "name",
                keyValue: "schema_level",
                column: "value",
                value: "2");

            migrationBuilder.CreateIndex(
                name: "ix_jobs_live_by_name",
                table: "jobs",
                columns: new[] { "backend", "name" },
                filter: "ended_at IS NULL");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "ix_jobs_live_by_name",
                table: "jobs");

            migrationBuilder.UpdateData(
                table: "facts",
                keyColumn: "name",
                keyValue: "schema_level",
                column: "value",
                value: "1");

            migrationBuilder.CreateIndex(
                name: "ix_jobs_live",
                table: "jobs",
                column: "backend",
                filter: "ended_at IS NULL");
        }
    }
}
