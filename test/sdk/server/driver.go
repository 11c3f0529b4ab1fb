// Makes RudderStack's or Segment's SDK for Go say what the lines on standard input ask for.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"time"

	analytics "MODULE"
)

type callback struct {
	waiting  *sync.WaitGroup
	failures []string
}

func (c *callback) Success(analytics.Message) { c.waiting.Done() }
func (c *callback) Failure(_ analytics.Message, err error) {
	c.failures = append(c.failures, err.Error())
	c.waiting.Done()
}

type message struct {
	Event, Name, GroupId, PreviousId string
	Properties                       analytics.Properties
	Traits                           analytics.Traits
}

func build(kind string, m message, user, anonymous string) analytics.Message {
	switch kind {
	case "track":
		return analytics.Track{UserId: user, AnonymousId: anonymous, Event: m.Event, Properties: m.Properties}
	case "page":
		return analytics.Page{UserId: user, AnonymousId: anonymous, Name: m.Name, Properties: m.Properties}
	case "screen":
		return analytics.Screen{UserId: user, AnonymousId: anonymous, Name: m.Name, Properties: m.Properties}
	case "identify":
		return analytics.Identify{UserId: user, AnonymousId: anonymous, Traits: m.Traits}
	case "group":
		return analytics.Group{UserId: user, AnonymousId: anonymous, GroupId: m.GroupId, Traits: m.Traits}
	default:
		return analytics.Alias{UserId: user, PreviousId: m.PreviousId}
	}
}

func main() {
	url, key, userId, anonymousId := os.Args[2], os.Args[3], os.Args[4], os.Args[5]
	c := &callback{waiting: &sync.WaitGroup{}, failures: []string{}}
	client, err := analytics.NewWithConfig(key, analytics.Config{ENDPOINT: url, Callback: c, Interval: 200 * time.Millisecond})
	if err != nil {
		panic(err)
	}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var asked struct {
			IsKnown bool
			Calls   []struct {
				Type    string
				Message message
			}
		}
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			panic(err)
		}
		user := ""
		if asked.IsKnown {
			user = userId
		}
		for _, call := range asked.Calls {
			c.waiting.Add(1)
			if err := client.Enqueue(build(call.Type, call.Message, user, anonymousId)); err != nil {
				panic(err)
			}
		}
		c.waiting.Wait()
		answer, _ := json.Marshal(map[string]any{"failures": c.failures})
		fmt.Println(string(answer))
	}
	client.Close()
}
