/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A connection as a form, and back. */
#include "home/connection_form.h"

#include <string.h>

#include "floor/buf.h"
#include "floor/mem.h"
#include "floor/text.h"

char *connection_label(const char *name)
{
        static const char *const loud[] = { "url", "api", "id" };
        char *copy = mem_text(name), *rest = copy, *word;
        struct buf label = BUF_NONE;

        while ((word = text_next(&rest, '_')) != NULL) {
                bool is_loud = false;

                if (label.len > 0)
                        buf_add_char(&label, ' ');
                for (size_t i = 0; i < sizeof loud / sizeof *loud; i++)
                        is_loud = is_loud || text_equal(word, loud[i]);
                for (char *c = word; *c != '\0'; c++)
                        if (*c >= 'a' && *c <= 'z' && (is_loud || (label.len == 0 && c == word)))
                                *c = (char)(*c - 'a' + 'A');
                buf_add_text(&label, word);
        }
        mem_free(copy);
        return label.data == NULL ? mem_text("") : buf_take(&label);
}

/* Lists are one text a line; objects "name: value". */
static char *lines_of(const json_t *value)
{
        struct buf text = BUF_NONE;
        const char *name;
        json_t *one;
        size_t i;

        json_array_foreach(value, i, one)
        {
                buf_format(&text, "%s\n", json_text_of(one, ""));
        }
        json_object_foreach((json_t *)(uintptr_t)value, name, one)
        {
                buf_format(&text, "%s: %s\n", name, json_text_of(one, ""));
        }
        return text.data == NULL ? mem_text("") : buf_take(&text);
}

static char *shown(const struct kind_field *f, const json_t *value)
{
        if (f->type == 'l' || f->type == 'o')
                return lines_of(value);
        if (json_is_integer(value))
                return mem_format("%lld", (long long)json_int_of(value, 0));
        return mem_text(json_text_of(value, ""));
}

static json_t *choices(const struct kind_field *f, const char *chosen)
{
        json_t *list = json_array(), *row;
        char *copy = mem_text(f->choices), *rest = copy, *one;

        while ((one = text_next(&rest, '|')) != NULL) {
                row = json_object();
                json_set_text(row, "value", one);
                json_set_text(row, "words", one);
                json_set_bool(row, "chosen", text_equal(one, chosen));
                json_add(list, row);
        }
        mem_free(copy);
        return list;
}

struct forming {
        const struct kind *kind;
        json_t *list;
        connection_typed *typed;
        void *context;
        const char *fault_at, *fault;
};

/* The value that stands, else the row's default. */
static json_t *standing_value(const struct kind_field *f, const json_t *settings)
{
        json_t *value = json_object_get(settings, f->name);

        if (value != NULL)
                return json_incref(value);
        return f->standard == NULL ? NULL : json_loads(f->standard, JSON_DECODE_ANY, NULL);
}

static bool is_main(const struct kind *kind, const char *name)
{
        char *word = mem_format("%s ", name), *place = strstr(text_or(kind->main, ""), word);
        bool found = place != NULL && (place == kind->main || place[-1] == ' ');

        mem_free(word);
        return found;
}

static void add_field(struct forming *g, const struct kind_field *f, const char *group,
                      const json_t *settings, bool secret, bool kept)
{
        char *input = mem_format("%s.%s", group, f->name), *label = connection_label(f->name);
        json_t *row = json_object(), *value = secret ? NULL : standing_value(f, settings);
        char *text = shown(f, value);
        const char *typed = g->typed == NULL ? NULL : g->typed(g->context, input);

        /* A box that is not ticked sends nothing. */
        bool sent = g->typed != NULL;

        json_set_text(row, "name", f->name);
        json_set_bool(row, "more", !f->required && !is_main(g->kind, f->name));
        json_set_text(row, "input", input);
        json_set_text(row, "label", label);
        json_set_text(row, "help", f->help);
        json_set_bool(row, "required", f->required && !kept);
        json_set_bool(row, "secret", secret);
        json_set_bool(row, "kept", kept);
        json_set_bool(row, "truth", f->type == 'b');
        json_set_bool(row, "long", f->type == 'l' || f->type == 'o');
        json_set_bool(row, "pairs", f->type == 'o');
        json_set_bool(row, "text", f->type == 't' || f->type == 'u' || f->type == 'i');
        if (f->type == 'b')
                json_set_bool(row, "checked", sent ? typed != NULL : json_bool_of(value, false));
        else if (!secret)
                json_set_text(row, "value", typed != NULL ? typed : text);
        if (f->type == 'c') {
                json_set_bool(row, "choice", true);
                json_set(row, "options", choices(f, typed != NULL ? typed : text));
        }
        if (text_equal(input, g->fault_at))
                json_set_text(row, "fault", g->fault);
        json_add(g->list, row);
        json_decref(value);
        mem_free(text);
        mem_free(label);
        mem_free(input);
}

json_t *connection_form(const struct kind *kind, const struct connection *standing,
                        connection_typed *typed, void *context, const char *fault_at,
                        const char *fault)
{
        static const struct kind_field hook = {
                "webhook_secret",
                't',
                false,
                NULL,
                NULL,
                "Only to bring one of your own, or one that the vendor made; several may be valid "
                "at once, the newest counts first"
        };
        struct forming g = { kind, json_array(), typed, context, fault_at, fault };
        const json_t *settings = standing == NULL ? NULL : standing->settings;

        for (const struct kind_field *f = kind->credentials; f != NULL && f->name != NULL; f++)
                add_field(&g, f, "credentials", NULL, true,
                          standing != NULL &&
                              json_object_get(standing->credentials, f->name) != NULL);
        for (const struct kind_field *f = kind->settings; f != NULL && f->name != NULL; f++)
                add_field(&g, f, "settings", settings, false, false);
        if (kind->sender != NULL)
                add_field(&g, &hook, "webhook", NULL, true,
                          standing != NULL && standing->secret_count > 0);
        return g.list;
}

/* --- and back ------------------------------------------------------------------------------- */

static json_t *lines_to_list(const char *text)
{
        char *copy = mem_text(text), *rest = copy, *line;
        json_t *list = json_array();

        while ((line = text_next(&rest, '\n')) != NULL) {
                line = text_trim(line);
                if (*line != '\0')
                        json_add(list, json_new_text(line, strlen(line)));
        }
        mem_free(copy);
        return list;
}

/* A name that is there twice: the text as it stands, which the document's check refuses. */
static json_t *lines_to_object(const char *text)
{
        char *copy = mem_text(text), *rest = copy, *line, *colon;
        json_t *object = json_object();
        bool twice = false;

        while ((line = text_next(&rest, '\n')) != NULL) {
                line = text_trim(line);
                if (*line == '\0')
                        continue;
                colon = strchr(line, ':');
                if (colon != NULL)
                        *colon = '\0';
                line = text_trim(line);
                twice = twice || json_object_get(object, line) != NULL;
                json_set_text(object, line, colon == NULL ? "" : text_trim(colon + 1));
        }
        mem_free(copy);
        if (twice) {
                json_decref(object);
                object = json_new_text(text, strlen(text));
        }
        return object;
}

/* What was typed as the row's type asks; NULL leaves the member out (its default counts). */
static json_t *typed_value(const struct kind_field *f, const char *typed)
{
        int64_t number;

        if (f->type == 'b')
                return json_boolean(typed != NULL);
        if (typed == NULL || (*typed == '\0' && f->type != 'l' && f->type != 'o'))
                return NULL;
        switch (f->type) {
        case 'l':
                return lines_to_list(typed);
        case 'o':
                return lines_to_object(typed);
        case 'i':
                if (text_int(typed, INT64_MIN, INT64_MAX, &number) == 0)
                        return json_integer(number);
                return json_new_text(typed, strlen(typed)); /* the document's check refuses it */
        default:
                return json_new_text(typed, strlen(typed));
        }
}

static const char *typed_of(connection_typed *typed, void *context, const char *group,
                            const char *name)
{
        char *input = mem_format("%s.%s", group, name);
        const char *value = typed(context, input);

        mem_free(input);
        return value;
}

static json_t *secrets_of_form(const struct connection *standing, const char *typed)
{
        json_t *list = json_array();

        if (!text_empty(typed))
                json_add(list, json_new_text(typed, strlen(typed)));
        for (size_t i = 0; standing != NULL && i < standing->secret_count; i++) {
                const struct sender_secret *s = &standing->secrets[i];

                if (text_empty(typed) || strlen(typed) != s->len ||
                    memcmp(typed, s->text, s->len) != 0)
                        json_add(list, json_new_text(s->text, s->len));
        }
        return list;
}

json_t *connection_of_form(const struct kind *kind, const char *id,
                           const struct connection *standing, connection_typed *typed,
                           void *context)
{
        json_t *result = json_object(), *settings = json_object(), *credentials = json_object();
        json_t *secrets, *webhook;

        json_set_text(result, "id", id);
        json_set_text(result, "kind", kind->name);
        for (const struct kind_field *f = kind->settings; f != NULL && f->name != NULL; f++) {
                json_t *value = typed_value(f, typed_of(typed, context, "settings", f->name));

                if (value != NULL)
                        json_set(settings, f->name, value);
        }
        for (const struct kind_field *f = kind->credentials; f != NULL && f->name != NULL; f++) {
                const char *value = typed_of(typed, context, "credentials", f->name);

                if (text_empty(value) && standing != NULL)
                        value = json_get_text(standing->credentials, f->name, NULL);
                if (!text_empty(value))
                        json_set_text(credentials, f->name, value);
        }
        json_set(result, "settings", settings);
        json_set(result, "credentials", credentials);
        if (kind->sender != NULL) {
                secrets = secrets_of_form(standing,
                                          typed_of(typed, context, "webhook", "webhook_secret"));
                if (json_array_size(secrets) > 0) {
                        webhook = json_object();
                        json_set(webhook, "secrets", secrets);
                        json_set(result, "webhook", webhook);
                } else {
                        json_decref(secrets);
                }
        }
        return result;
}

void connection_fault(const char *cause, char **input, char **sentence)
{
        static const char start[] = "connections.0.";
        const char *colon = strstr(cause, ": "), *at = cause;

        if (!text_starts(cause, start) || colon == NULL) {
                *input = mem_text("");
                *sentence = mem_text(cause);
                return;
        }
        at += sizeof start - 1;
        *input = text_starts(at, "webhook") ? mem_text("webhook.webhook_secret")
                                            : mem_text_part(at, (size_t)(colon - at));
        *sentence =
            mem_format(text_starts(colon + 2, "not ") ? "This is %s." : "This %s.", colon + 2);
}
