// Package glamour leaves out the colours of Markdown: it gives the text as it is.
package glamour

type TermRenderer struct{}

type TermRendererOption func()

func WithAutoStyle() TermRendererOption { return nil }

func WithWordWrap(int) TermRendererOption { return nil }

func NewTermRenderer(...TermRendererOption) (*TermRenderer, error) { return &TermRenderer{}, nil }

func (*TermRenderer) Render(text string) (string, error) { return text, nil }
