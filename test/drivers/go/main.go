// Connects with a driver and the string that `connection url` prints, and prints the answer to a query.
//
// Usage: drivers DRIVER STRING. The password is in DATABASE_PASSWORD. The server names of tests are not in DNS.
package main

import (
	"context"
	"database/sql"
	"fmt"
	"net"
	"os"
	"strings"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
)

const query = "select 6 * 7"

func main() {
	driver, printed, password := os.Args[1], os.Args[2], os.Getenv("DATABASE_PASSWORD")
	answer, err := map[string]func(string, string) (int, error){
		"pgx":           withPgx,
		"go-sql-driver": withMysql,
	}[driver](printed, password)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(answer)
}

func withPgx(printed, password string) (answer int, err error) {
	ctx := context.Background()
	config, err := pgx.ParseConfig(printed)
	if err != nil {
		return 0, err
	}
	config.Password = password
	config.LookupFunc = func(ctx context.Context, host string) ([]string, error) {
		if strings.HasSuffix(host, ".example") {
			return []string{"127.0.0.1"}, nil
		}
		return net.DefaultResolver.LookupHost(ctx, host)
	}
	connection, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return 0, err
	}
	defer connection.Close(ctx)
	err = connection.QueryRow(ctx, query).Scan(&answer)
	return answer, err
}

func withMysql(printed, password string) (answer int, err error) {
	config, err := mysql.ParseDSN(printed)
	if err != nil {
		return 0, err
	}
	config.Passwd = password
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return 0, err
	}
	database := sql.OpenDB(connector)
	defer database.Close()
	err = database.QueryRow(query).Scan(&answer)
	return answer, err
}
